# A chain of derivations, each of which reads the one before. `salt` stands in a comment of the first one's script: another salt gives
# another derivation, and the same output. Without `contents` outputs are named by their inputs, with it by what they hold.
{
  salt ? "",
  contents ? "",
  n ? 200,
}:
let
  addressed =
    if contents == "" then
      { }
    else
      {
        __contentAddressed = true;
        outputHashMode = "recursive";
        outputHashAlgo = "sha256";
      };
  step =
    i:
    derivation (
      {
        name = "step-${toString i}";
        system = builtins.currentSystem;
        builder = "/bin/sh";
        args = [
          "-c"
          (if i == 0 then "# ${salt}\necho constant > $out" else "read before < $input; echo $before ${toString i} > $out")
        ];
      }
      // (if i == 0 then { } else { input = step (i - 1); })
      // addressed
    );
in
step (n - 1)
