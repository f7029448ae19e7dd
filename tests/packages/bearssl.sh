# A key, and a certificate that the tool reads; the library's SHA-256.
brssl skey -gen ec:secp256r1 -pk8pem key.pem
grep -q 'BEGIN PRIVATE KEY' key.pem
brssl skey key.pem | grep -q 'curve: *secp256r1\|secp256r1'
cat >sum.c <<-'C'
	#include <bearssl.h>
	#include <stdio.h>
	int main(void) {
		br_sha256_context context;
		unsigned char sum[32];
		br_sha256_init(&context);
		br_sha256_update(&context, "abc", 3);
		br_sha256_out(&context, sum);
		return printf("%02x%02x\n", sum[0], sum[1]) < 0;
	}
C
$CC -o sum sum.c -lbearssl
[ "$(./sum)" = ba78 ]
