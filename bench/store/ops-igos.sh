# Store operations, igos's. $W is a scratch folder, a new one for each store, $D the data, $IGOS the program.
export IGOS_HOME=$W/igos
fresh() { :; }
add() { "$IGOS" store add "$1"; }
verify() { "$IGOS" store verify --contents; }
optimise() { "$IGOS" store optimise; }
dump() { "$IGOS" store dump "$1" > /dev/null; }
restore() { chmod -R u+w "$W/restored" 2>/dev/null; rm -rf "$W/restored"; "$IGOS" store restore "$W/restored" < "$1"; }
paths() { "$IGOS" instantiate "$1" --argstr salt "$2"; }
keep() { "$IGOS" store roots add "$W/kept" "$(paths "$1" "$2")"; }
closure() { "$IGOS" store references -r "$(cat "$W/igos-top")" > /dev/null; }
sizes() { "$IGOS" store info -rsS "$(cat "$W/igos-top")" > /dev/null; }
top() { paths "$1" "$2" > "$W/igos-top"; }
collect() { "$IGOS" gc > /dev/null; }
