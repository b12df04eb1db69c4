// Package scheduler is WHEN: it turns posts that fall due, cron slots and
// requests to republish into publications, one category a commit. It owns the
// schedules, the publication step and the configuration kept in the store, and
// it is the only writer of artifacts.
//
// Its durable clock is the dirty mark: a row that says which category is due
// and when. Cron is only the calculator of that time, so a slot that passed
// while nothing ran is still due at the next start. Everything else is a hint:
// a crash anywhere leaves rows from which the next Step goes on.
//
// It may import store and feed.
package scheduler
