# Store operations, igos's. $W is a scratch folder, a new one for each store, $D the data, $IGOS the program.
export IGOS_HOME=$W/igos
fresh() { :; }
add() { "$IGOS" store add "$1"; }
verify() { "$IGOS" store verify --contents; }
optimise() { "$IGOS" store optimise; }
dump() { "$IGOS" store dump "$1" > /dev/null; }
restore() { chmod -R u+w "$W/restored" 2>/dev/null; rm -rf "$W/restored"; "$IGOS" store restore "$W/restored" < "$1"; }
