# with: zlib
# A program reads the header of itself.
cat >self.c <<-'C'
	#include <fcntl.h>
	#include <gelf.h>
	int main(void) {
		GElf_Ehdr header;
		if (elf_version(EV_CURRENT) == EV_NONE) return 1;
		Elf *elf = elf_begin(open("/proc/self/exe", O_RDONLY), ELF_C_READ, 0);
		return elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header) || header.e_machine != EM_X86_64;
	}
C
$CC -o self self.c -lelf -lz -L/versions/current/lib
./self
