# A terminal's abilities out of the descriptions, a new description, and the library.
export TERMINFO=/versions/current/share/terminfo
[ "$(tput -T xterm-256color colors)" = 256 ]
infocmp -1 vt100 | grep -q 'clear='
printf 'mine|a terminal of mine,\n\tcols#33, clear=X,\n' >mine.src
tic -o "$PWD/info" mine.src
[ "$(TERMINFO=$PWD/info tput -T mine cols 2>/dev/null)" = 33 ]
printf '#include <curses.h>\n#include <term.h>\nint main(void) { int e; return setupterm("vt100", 1, &e) != OK || columns != 80; }\n' >term.c
$CC -o term term.c -lncursesw
./term
