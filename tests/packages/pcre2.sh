# Expressions as Perl has them, in the program and in the library.
[ "$(printf 'foobar\nfoobaz\n' | pcre2grep -o 'foo(?!bar)\w+')" = foobaz ]
cat >match.c <<-'C'
	#define PCRE2_CODE_UNIT_WIDTH 8
	#include <pcre2.h>
	int main(void) {
		int error; PCRE2_SIZE at;
		pcre2_code *code = pcre2_compile((PCRE2_SPTR)"^(a+)b\\1$", PCRE2_ZERO_TERMINATED, 0, &error, &at, NULL);
		return pcre2_match(code, (PCRE2_SPTR)"aabaa", 5, 0, 0, pcre2_match_data_create(2, NULL), NULL) != 2;
	}
C
$CC -o match match.c -lpcre2-8
./match
