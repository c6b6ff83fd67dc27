# Store operations, Nix's. $W is a scratch folder, $D the data. The same functions as in ops-igos.sh.
fresh() {
  mkdir -p "$W/nix/etc" "$W/nix/home"
  printf 'experimental-features = nix-command\nsandbox = false\nbuild-users-group =\nsubstituters =\n' > "$W/nix/etc/nix.conf"
  nix-store --init
}
export NIX_CONF_DIR=$W/nix/etc NIX_STORE_DIR=$W/nix/store NIX_STATE_DIR=$W/nix/state NIX_LOG_DIR=$W/nix/log NIX_LOCALSTATE_DIR=$W/nix/local HOME=$W/nix/home
unset NIX_REMOTE
add() { nix-store --add "$1"; }
verify() { nix-store --verify --check-contents; }
optimise() { nix-store --optimise; }
dump() { nix-store --dump "$1" > /dev/null; }
restore() { chmod -R u+w "$W/restored" 2>/dev/null; rm -rf "$W/restored"; nix-store --restore "$W/restored" < "$1"; }
paths() { nix-instantiate "$1" --argstr salt "$2"; }
keep() { ln -sfn "$(paths "$1" "$2")" "$W/nix/state/gcroots/kept"; }
closure() { nix-store -qR "$(cat "$W/nix-top")" > /dev/null; }
sizes() { nix path-info --derivation -rsS "$(cat "$W/nix-top")" > /dev/null; }
top() { paths "$1" "$2" > "$W/nix-top"; }
collect() { nix-store --gc > /dev/null; }
