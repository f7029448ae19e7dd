# Kinds of files, by its database.
printf '\211PNG\r\n\032\n\0\0\0\rIHDR\0\0\0\020\0\0\0\020\010\006\0\0\0' >picture
file -b picture | grep -q '^PNG image data, 16 x 16'
[ "$(echo 'some text' | file -b --mime-type -)" = text/plain ]
