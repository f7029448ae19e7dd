# Without a terminal it passes text on; its key compiler makes a file of keys.
seq 1 5 >numbers
[ "$(less numbers | tail -n 1)" = 5 ]
[ "$(LESSOPEN='|sed s/3/three/ %s' less numbers | sed -n 3p)" = three ]
printf '#command\nx quit\n' | lesskey -o keys -
[ -s keys ]
