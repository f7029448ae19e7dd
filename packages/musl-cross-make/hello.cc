// What a C++ program needs of its toolchain: exceptions, threads, locks that lock, thread_local, the library.
#include <iostream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

static thread_local int own = 0;
static std::mutex lock;
static long counter = 0;

static void count()
{
	for (int i = 0; i < 100000; i++) {
		std::lock_guard<std::mutex> guard(lock);
		counter++;
		own++;
	}
	if (own != 100000)
		throw std::logic_error("thread_local is shared");
}

int main()
{
	std::vector<std::thread> threads;
	for (int i = 0; i < 4; i++)
		threads.emplace_back(count);
	for (auto &thread : threads)
		thread.join();
	// Without working locks the sum is short, as far as two threads ever ran at once.
	if (counter != 400000 || own != 0)
		return 1;
	try {
		throw std::runtime_error("hello from C++");
	} catch (const std::exception &error) {
		std::cout << error.what() << std::endl;
		return 0;
	}
	return 2;
}
