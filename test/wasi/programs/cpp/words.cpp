// What libc++ makes of WASI: streams, files, containers, locales, and destructors at the end.
#include <algorithm>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

struct Global {
  Global() { std::cout << "made before main\n"; }
  ~Global() { std::cout << "gone after main\n"; }
} global;

int main(int argc, char **) {
  std::map<std::string, int> counts;
  for (std::string word; std::cin >> word;) counts[word] += 1;
  std::vector<std::pair<std::string, int>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](auto &a, auto &b) { return a.second > b.second; });

  std::ofstream out("counts.txt");
  for (auto &[word, count] : sorted) out << std::setw(8) << std::left << word << count << '\n';
  out.close();
  std::ifstream in("counts.txt");
  std::ostringstream text;
  text << in.rdbuf();
  std::cout << text.str() << std::fixed << std::setprecision(3) << 2.0 / 3 << ' ' << std::hex << 255 << '\n';
  std::ifstream missing("missing.txt");
  std::cerr << (missing ? "FOUND" : "not found") << std::endl;
  return argc - 1;
}
