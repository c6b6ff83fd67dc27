# Builds for a bench that knows nothing of igos: the same functions as for Nix's side. $W is a scratch folder, $H has cutoff.nix and
# build200.nix, $IGOS is the program. igos has no builds without a sandbox.
: "${IGOS:=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/bin/igos}"
export IGOS IGOS_HOME=$W/igos
tool_version() { "$IGOS" --version; }
env_setup() {
  chmod -R u+w "$W/igos" 2> /dev/null
  rm -rf "$W/igos"
}
sandbox_on() { :; }
build_cutoff() { SALT=$2 "$IGOS" realize --impure --quiet -j 1 "$H/cutoff.nix" -A "$1" > /dev/null; }
build1() { "$IGOS" realize --impure --quiet -j 1 "$H/build200.nix" -A top --arg n 1 > /dev/null; }
build200() { "$IGOS" realize --impure --quiet -j "${1:-1}" "$H/build200.nix" -A top > /dev/null; }
build_again() { "$IGOS" realize --impure --quiet "$H/build200.nix" -A top > /dev/null; }
build_chain() { "$IGOS" realize --impure --quiet -j 1 "$H/build200.nix" -A chain --arg salt '"c"' > /dev/null; }
