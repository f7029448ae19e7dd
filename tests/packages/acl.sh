# with: attr
# An entry is added and read back.
touch file
chmod 640 file
getfacl -c file | grep -qx 'user::rw-'
if setfacl -m u:12345:r file 2>why; then
	getfacl -cn file | grep -qx 'user:12345:r--'
else
	grep -q 'not supported' why
fi
printf '#include <sys/acl.h>\nint main(void) { return acl_entries(acl_from_mode(0640)) != 3; }\n' >mode.c
sed -i '1i #include <acl/libacl.h>' mode.c
$CC -o mode mode.c -lacl -lattr -L/versions/current/lib
./mode
