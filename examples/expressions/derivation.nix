# The plain Nix builtin: what `package` is sugar for.
derivation {
  name = "greeting";
  system = builtins.currentSystem;
  builder = "/bin/sh";
  args = [ "-c" "echo hello >$out" ];
}
