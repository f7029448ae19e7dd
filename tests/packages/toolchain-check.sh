# What it looks at in the build is so outside of one, too.
[ "$(c-check)" = 'C: as it should be' ]
[ "$(cxx-check)" = 'C++: as it should be' ]
