# with: ncurses
# A program that edits lines with the library.
cat >line.c <<-'C'
	#include <stdio.h>
	#include <readline/readline.h>
	int main(void) { char *line = readline("? "); return printf("<%s>\n", line) < 0; }
C
$CC -I"/versions/current/include" -o line line.c -lreadline -lhistory -lncurses
# Ctrl-A goes to the beginning of the line.
printf 'bc\001a\n' | ./line | grep -q '<abc>'
