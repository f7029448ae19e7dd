# A program with a module of Perl's own, one in C, and a one-liner.
[ "$(perl -MList::Util=sum -e 'print sum(1 .. 10)')" = 55 ]
[ "$(perl -MDigest::SHA=sha256_hex -e 'print substr(sha256_hex("abc"), 0, 8)')" = ba7816bf ]
[ "$(printf 'a b\n' | perl -pe 's/(\w) (\w)/$2 $1/')" = 'b a' ]
perl -MPOSIX=floor -MData::Dumper -MFile::Temp -MStorable -e 'exit(floor(3.7) != 3)'
