# A round trip with the library.
cat >trip.c <<-'C'
	#include <string.h>
	#include <zlib.h>
	int main(void) {
		unsigned char in[10000], packed[10000], out[10000];
		uLongf size = sizeof packed, back = sizeof out;
		memset(in, 'x', sizeof in);
		if (compress(packed, &size, in, sizeof in) != Z_OK || size > 100) return 1;
		if (uncompress(out, &back, packed, size) != Z_OK || back != sizeof in) return 2;
		return memcmp(in, out, sizeof in) != 0;
	}
C
$CC -o trip trip.c -lz
./trip
