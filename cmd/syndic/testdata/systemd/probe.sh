# What an operator does, on the machine that boot.sh made. Each line of the
# output is checked.
say() { echo "$@" >>/run/exchange/said; }
change() { sed -i "$1" /etc/syndic/config.yaml; }
status() { systemctl show syndic --property=StatusText --value; }

systemctl start syndic
say "start: $?"
say "status: $(status)"
say "seccomp: $(grep Seccomp: /proc/"$(systemctl show syndic --property=MainPID --value)"/status)"

change 's/title: One/title: Two/'
systemctl reload syndic
say "good reload: $?"
change 's/title: Two/titel: Two/'
systemctl reload syndic
say "bad reload: $?"
say "status: $(status)"
say "state: $(systemctl is-active syndic)"
change 's/titel: Two/title: Two/'

wrk -t1 -c16 -d6s --timeout 30s http://127.0.0.1:8080/rss.xml >/run/exchange/wrk.log 2>&1 &
for title in Three Four Five; do
	change "s/title: [A-Z][a-z]*/title: $title/"
	systemctl reload syndic
	say "reload: $?"
	systemctl restart syndic
	say "restart: $?"
	sleep 1
done
wait

# The scheduler's loop has nothing to do for longer than the watchdog waits, and
# then it hangs.
sleep 70
say "idle: $(systemctl show syndic --property=NRestarts --value) restarts"
kill -STOP "$(systemctl show syndic --property=MainPID --value)"
sleep 90
say "hanging: $(systemctl show syndic --property=NRestarts --value) restarts"
say "status: $(status)"
systemctl stop syndic.socket syndic
say "stop: $?"
journalctl --unit=syndic --no-pager --output=cat >/run/exchange/journal 2>&1
systemctl poweroff --force --force
