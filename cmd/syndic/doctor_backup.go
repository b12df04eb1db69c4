package main

import (
	"context"
	"fmt"
	"time"
)

// backupSlack is how late a scheduled backup may be: making one takes a while.
const backupSlack = time.Hour

// lookAtBackups looks whether there are copies of the database, and how old the
// newest is.
func (d *doctor) lookAtBackups(context.Context) error {
	if d.client == nil {
		return errSkipped
	}
	p := planOf(d.config, d.dataPlaces())
	if p == nil {
		d.report(note, "backups", "no-backups", "", "no backups are made on a schedule",
			"set backup.schedule, such as \"@daily\", and copy the files to another machine")
		return nil
	}
	b := d.status.Backup
	if b == nil {
		return errSkipped // no daemon, or one with another configuration
	}
	if b.Error != "" {
		d.report(broken, "backups", "backup-failed", b.Directory, "the latest scheduled backup failed: "+b.Error, "mend that; `syndic backup FILE` makes one by hand")
	}
	// Two slots back: the newest backup may be of the one before the next.
	now := time.Now()
	gap := p.schedule.Next(p.schedule.Next(now)).Sub(p.schedule.Next(now))
	switch {
	case b.Last == nil && d.status.Started != nil && now.Sub(*d.status.Started) > gap+backupSlack:
		d.report(warning, "backups", "backup-missing", b.Directory, "there is no backup yet", "look at the daemon's log; `syndic backup FILE` makes one by hand")
	case b.Last != nil && now.Sub(*b.Last) > gap+backupSlack:
		d.report(warning, "backups", "backup-old", b.Directory, fmt.Sprintf("the newest backup is of %s, and one is due every %s", b.Last.Format(time.DateTime), gap),
			"look at the daemon's log; `syndic backup FILE` makes one by hand")
	}
	return nil
}

// dataPlaces are where the daemon has its data, or would.
func (d *doctor) dataPlaces() places {
	at := d.places
	if d.status.Daemon && d.status.Data != "" {
		at.data = d.status.Data
	}
	return at
}
