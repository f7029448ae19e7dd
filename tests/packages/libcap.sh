# Texts of capabilities, and what this process has.
capsh --decode=0000000000000400 | grep -q cap_net_bind_service
capsh --print | grep -q '^Bounding set'
getcap -h 2>&1 | grep -q usage
printf '#include <sys/capability.h>\nint main(void) { return cap_from_text("cap_chown=ep") == 0; }\n' >text.c
$CC -o text text.c -lcap
./text
