# A project in meson's language is configured, built and run.
printf "project('hello', 'c')\nexecutable('hello', 'hello.c')\n" >meson.build
printf '#include <stdio.h>\nint main(void) { return puts("hello") < 0; }\n' >hello.c
CC=cc muon setup build >log
muon -C build samu >>log
[ "$(./build/hello)" = hello ]
