#!/bin/sh
# Boots systemd as PID 1 of a machine of its own: boot.sh DIR, called in new
# namespaces. DIR/etc becomes /etc, DIR/opt /opt, and DIR/exchange, where
# everything is written, /run/exchange; /usr is the host's.
set -e
dir=$1 root=$1/root
mount --make-rprivate /
ip link set lo up
mkdir "$root"
mount -t tmpfs tmpfs "$root"
cd "$root"
mkdir dev etc old opt proc run srv sys tmp usr var root
ln -s usr/bin usr/sbin usr/lib usr/lib64 .
mount --rbind /usr usr
mount -o remount,bind,ro usr
cp -r "$dir/etc/." etc/
mount --bind "$dir/opt" opt
mount -t tmpfs tmpfs dev
for node in null zero full random urandom tty; do
	: >dev/$node
	mount --bind /dev/$node dev/$node
done
: >dev/console
mount --bind /dev/null dev/console
mkdir dev/pts dev/shm
mount -t devpts devpts dev/pts -o newinstance,ptmxmode=0666
ln -s pts/ptmx dev/ptmx
mount -t proc proc proc
mount -t sysfs sysfs sys
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
	mount -t cgroup2 cgroup2 sys/fs/cgroup
else
	mount -t tmpfs tmpfs sys/fs/cgroup
	mkdir sys/fs/cgroup/systemd
	mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
fi
mount -t tmpfs tmpfs run
mkdir run/exchange
mount --bind "$dir/exchange" run/exchange
pivot_root . old
umount -l /old
exec env -i container=test PATH=/usr/sbin:/usr/bin /usr/lib/systemd/systemd --system \
	--log-target=console --show-status=no >/run/exchange/boot.log 2>&1 </dev/null
