# An attribute is written and read back, by the programs and by the library. Where the file system has none, the error is right.
touch file
if setfattr -n user.colour -v blue file 2>why; then
	getfattr --only-values -n user.colour file | grep -qx blue
	setfattr -x user.colour file
	[ -z "$(getfattr file)" ]
else
	grep -q 'not supported' why
fi
printf '#include <attr/libattr.h>\n#include <attr/error_context.h>\nint main(void) { return attr_copy_file("file", "file", 0, 0) != 0; }\n' >copy.c
$CC -o copy copy.c -lattr
./copy
