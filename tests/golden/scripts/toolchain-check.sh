#!/bin/sh
#@ pthbs 1
#@ name toolchain-check
#@ version 1
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ tool busybox.8efcb74ad6e490a3e3b3afb675e98af0888ccd530fe1c3268a5324f5e63387fe
#@ tool gnu-make.258e9f5c018ee9e96336e71b7afadfb9f6d941966aabcbaaa77ef587463bf5f4
#@ tool musl-cross-make.938349c4209476926861e39acca2c48bf84c65df3ad2a6ee974aa1b8f116340e
#@ dep busybox.392fda55386c8868ce8716b36589dba46357155a3290de8dd668ba33804b0180
#@ build sandbox=on set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2"
export CXX=x86_64-linux-musl-g++ CXXFLAGS="$CFLAGS"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

# Libraries, and what they use in turn: a static library brings nothing along.
deps="
	/versions/busybox.392fda55386c8868ce8716b36589dba46357155a3290de8dd668ba33804b0180
"
for dep in $deps; do
	CPPFLAGS="$CPPFLAGS -I$dep/include"
	LDFLAGS="$LDFLAGS -L$dep/lib"
	PKG_CONFIG_LIBDIR="$PKG_CONFIG_LIBDIR:$dep/lib/pkgconfig"
done

cd "$src"

phase_build() {
	cat >c-check.c <<'EOF'
/* A C program that leans on what a C library and a compiler must agree on: each step that fails has a number. */
#define _GNU_SOURCE
#include <complex.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <regex.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#define MUST(step, truth) do { if (!(truth)) { fprintf(stderr, "step %d\n", step); return step; } } while (0)

static _Thread_local int own;
static atomic_int all;
static jmp_buf place;
static volatile sig_atomic_t caught;

__attribute__((constructor)) static void before(void)
{
	all = 1;
}

static void catch(int number)
{
	caught = number;
	longjmp(place, 1);
}

static void *count(void *wanted)
{
	for (int i = 0; i < 50000; i++) {
		own++;
		all++;
	}
	return own == 50000 ? wanted : NULL;
}

static int compare(const void *one, const void *other)
{
	return *(const int *)one - *(const int *)other;
}

int main(void)
{
	pthread_t threads[4];
	for (int i = 0; i < 4; i++)
		MUST(1, pthread_create(&threads[i], NULL, count, &all) == 0);
	for (int i = 0; i < 4; i++) {
		void *result;
		MUST(2, pthread_join(threads[i], &result) == 0 && result == &all);
	}
	MUST(3, all == 200001 && own == 0);

	signal(SIGUSR1, catch);
	if (!setjmp(place))
		raise(SIGUSR1);
	MUST(4, caught == SIGUSR1);

	volatile double two = 2;
	MUST(5, fabs(sqrt(two) * sqrt(two) - 2) < 1e-15 && fabs(cabs(3 + 4 * I) - 5) < 1e-15);
	volatile __int128 wide = (__int128)UINT64_MAX * 3;
	MUST(6, (uint64_t)(wide / 3) == UINT64_MAX);

	char text[64];
	snprintf(text, sizeof text, "%.3f %5d %-4s|%a", 1.0 / 3, 42, "ab", 1.0);
	MUST(7, strcmp(text, "0.333    42 ab  |0x1p+0") == 0);
	MUST(8, strtod("1e-3", NULL) == 0.001 && (errno = 0, strtol("99999999999999999999", NULL, 10), errno == ERANGE));

	setlocale(LC_ALL, "C.UTF-8");
	wchar_t letters[8];
	MUST(9, mbstowcs(letters, "\xc3\xa4\xe2\x82\xac", 8) == 2 && letters[1] == 0x20ac);

	int numbers[] = {3, 1, 2};
	qsort(numbers, 3, sizeof *numbers, compare);
	MUST(10, numbers[0] == 1 && numbers[2] == 3);
	regex_t pattern;
	MUST(11, regcomp(&pattern, "^a(b+)c$", REG_EXTENDED) == 0 && regexec(&pattern, "abbbc", 0, NULL, 0) == 0);

	struct tm date = {.tm_year = 100, .tm_mon = 1, .tm_mday = 29};
	MUST(12, timegm(&date) == 951782400);
	pid_t child = fork();
	if (child == 0)
		_exit(7);
	int status;
	MUST(13, waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7);
	return puts("C: as it should be") < 0;
}
EOF
	$CC $CPPFLAGS $CFLAGS $LDFLAGS -o c-check c-check.c
	./c-check
	! $CC -o wrong -x c - <<-EOF
	int main(void) { return undeclared(); }
	EOF
	cat >cxx-check.cc <<'EOF'
// A C++ program that leans on the runtime: exceptions through threads and frames, thread_local with destructors,
// initialisation in order, the library's larger parts. Each step that fails has a number.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <regex>
#include <shared_mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <variant>
#include <vector>

static int must(int step, bool truth)
{
	if (!truth)
		throw step;
	return step;
}

static std::atomic<int> ended{0};

struct Own {
	std::string text = "own";
	~Own() { ended++; }
};

static thread_local Own own;
static const int first = must(0, true) + 1;

struct Base {
	virtual ~Base() = default;
	virtual int value() const { return 1; }
};

struct Derived : Base {
	int value() const override { return 2; }
};

static int deep(int levels)
{
	std::string alive(static_cast<std::size_t>(levels), 'x');
	if (levels == 0)
		throw std::out_of_range("at the bottom");
	return deep(levels - 1) + static_cast<int>(alive.size());
}

static void threads()
{
	std::vector<std::thread> some;
	std::mutex lock;
	std::condition_variable go;
	bool may_go = false;
	long sum = 0;
	for (int i = 0; i < 4; i++)
		some.emplace_back([&] {
			std::unique_lock<std::mutex> guard(lock);
			go.wait(guard, [&] { return may_go; });
			own.text += "!";
			sum += static_cast<long>(own.text.size());
		});
	{
		std::lock_guard<std::mutex> guard(lock);
		may_go = true;
	}
	go.notify_all();
	for (auto &thread : some)
		thread.join();
	must(3, sum == 16 && ended == 4 && own.text == "own");

	auto failing = std::async(std::launch::async, [] { return deep(100); });
	try {
		failing.get();
		must(4, false);
	} catch (const std::out_of_range &error) {
		must(5, std::string(error.what()) == "at the bottom");
	}
}

int main()
try {
	must(1, first == 1);
	std::unique_ptr<Base> base = std::make_unique<Derived>();
	must(2, base->value() == 2 && dynamic_cast<Derived *>(base.get()) != nullptr);
	threads();

	std::map<std::string, std::variant<int, std::string>> table{{"a", 1}, {"b", "two"}};
	must(6, std::get<std::string>(table.at("b")) == "two");
	bool thrown = false;
	try {
		(void)std::get<int>(table.at("b"));
	} catch (const std::bad_variant_access &) {
		thrown = true;
	}
	must(7, thrown);

	std::vector<int> numbers(1000);
	std::iota(numbers.begin(), numbers.end(), 1);
	must(8, std::accumulate(numbers.begin(), numbers.end(), 0) == 500500);
	must(9, std::regex_replace("a1b22", std::regex("[0-9]+"), "#") == "a#b#");
	std::ostringstream text;
	text << std::hex << 255 << ' ' << 0.5;
	must(10, text.str() == "ff 0.5");
	std::ofstream("written") << "a line\n";
	std::string line;
	std::getline(std::ifstream("written") >> std::ws, line);
	must(11, line == "a line");
	std::shared_mutex shared;
	std::shared_lock<std::shared_mutex> one(shared), other(shared);
	std::cout << "C++: as it should be" << std::endl;
	return 0;
} catch (int step) {
	std::cerr << "step " << step << std::endl;
	return step;
}
EOF
	$CXX $CPPFLAGS $CXXFLAGS $LDFLAGS -o cxx-check cxx-check.cc
	./cxx-check
	# Nothing asks for an interpreter or a shared library, the toolchain's own programs neither.
	find -L "$env/bin" "$env/libexec" ./*-check -type f -exec x86_64-linux-musl-readelf -lW {} + >programs 2>others || true
	grep -c 'Elf file type is EXEC' programs
	if grep -E 'INTERP|DYNAMIC' programs; then exit 1; fi
}

phase_install() {
	mkdir -p "$out/bin"
	cp ./*-check "$out/bin/"
}

echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
