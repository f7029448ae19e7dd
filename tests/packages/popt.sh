# A program reads its options with the library.
cat >options.c <<-'C'
	#include <popt.h>
	#include <stdio.h>
	int main(int argc, const char **argv) {
		int n = 0;
		struct poptOption table[] = { { "number", 'n', POPT_ARG_INT, &n, 0, "a number", "N" }, POPT_AUTOHELP POPT_TABLEEND };
		poptContext context = poptGetContext(NULL, argc, argv, table, 0);
		while (poptGetNextOpt(context) > 0) continue;
		return printf("%d %s\n", n, poptGetArg(context)) < 0;
	}
C
$CC -o options options.c -lpopt
[ "$(./options --number=42 word)" = '42 word' ]
./options --help | grep -q 'a number'
