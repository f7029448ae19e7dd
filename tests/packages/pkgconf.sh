# with: zlib
# Flags of a library that needs another one.
mkdir here
printf 'Name: low\nDescription: d\nVersion: 1.5\nLibs: -L/l -llow\nCflags: -I/i\n' >here/low.pc
printf 'Name: high\nDescription: d\nVersion: 2\nRequires.private: low >= 1\nLibs: -lhigh\n' >here/high.pc
PKG_CONFIG_PATH=$PWD/here
export PKG_CONFIG_PATH
[ "$(echo $(pkg-config --static --libs high))" = '-lhigh -L/l -llow' ]
[ "$(echo $(pkg-config --cflags low))" = -I/i ]
if pkg-config --exists 'low >= 2'; then exit 1; fi
# What the environment has is found without being told.
unset PKG_CONFIG_PATH
pkg-config --exists zlib
