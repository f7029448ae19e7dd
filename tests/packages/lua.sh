# A program runs, a syntax error is one, and the library is embedded.
[ "$(lua -e 'local t = {} for w in ("c a b"):gmatch("%a") do t[#t + 1] = w end table.sort(t) print(table.concat(t))')" = abc ]
echo 'x = = 1' >bad.lua
if luac -p bad.lua 2>/dev/null; then exit 1; fi
cat >embed.c <<-'C'
	#include <lauxlib.h>
	#include <lualib.h>
	int main(void) {
		lua_State *L = luaL_newstate();
		luaL_openlibs(L);
		return luaL_dostring(L, "return 6 * 7") != LUA_OK || lua_tointeger(L, -1) != 42;
	}
C
$CC -o embed embed.c -llua -lm
./embed
