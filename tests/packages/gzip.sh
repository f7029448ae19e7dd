# What is packed is smaller and unpacks to the same bytes.
seq 1 20000 >numbers
gzip -9 -k -n numbers
[ "$(wc -c <numbers.gz)" -lt 60000 ]
gzip -dc numbers.gz | cmp - numbers
gzip --version | grep -q '^gzip 1'
