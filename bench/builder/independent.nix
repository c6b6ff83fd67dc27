# Many trivial derivations that need nothing of each other, and one that needs them all. The builder is a shell, and starts nothing.
{
  salt ? "",
  n ? 200,
}:
let
  make =
    i:
    derivation {
      name = "independent-${toString i}";
      system = builtins.currentSystem;
      builder = "/bin/sh";
      args = [
        "-c"
        "echo ${salt} ${toString i} > $out"
      ];
    };
in
derivation {
  name = "top";
  system = builtins.currentSystem;
  builder = "/bin/sh";
  args = [
    "-c"
    "echo $inputs > $out"
  ];
  inputs = builtins.genList make n;
}
