# A control group is made, limited, told of, walked through and taken away again.
if ! grep -q '^cgroup' /proc/mounts || [ "$(id -u)" != 0 ]; then
	echo 'no control groups that may be changed'
	exit 77
fi
group=pthbs-test-$$
cgcreate -g "pids:$group/inner"
trap 'cgdelete -r "pids:$group"' EXIT
cgset -r pids.max=7 "$group"
[ "$(cgget -nv -r pids.max "$group")" = 7 ]
lscgroup "pids:/$group" | grep -q "/$group/*inner$"
cgexec -g "pids:$group" sh -c 'grep -q "$1" /proc/self/cgroup' sh "$group"
