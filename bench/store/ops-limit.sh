# What no store can beat: the hash of the bytes and a copy of them, each by the fastest common tool. $W is a scratch folder.
fresh() { mkdir -p "$W/limit"; }
add() { find "$1" -type f -print0 | xargs -0 openssl dgst -sha256 > /dev/null && cp -a "$1" "$W/limit/"; }
verify() { find "$W/limit" -type f -print0 | xargs -0 openssl dgst -sha256 > /dev/null; }
optimise() { :; }
dump() { tar -cf - -C "$(dirname "$1")" "$(basename "$1")" > /dev/null; }

