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
