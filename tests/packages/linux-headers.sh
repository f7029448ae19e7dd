# A program sees the kernel's structures by these headers.
[ -f "$P/include/linux/version.h" ]
printf '#include <linux/landlock.h>\nint main(void) { return LANDLOCK_CREATE_RULESET_VERSION != 1; }\n' >one.c
cc -static -nostdinc -isystem "$P/include" -fsyntax-only one.c
