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
