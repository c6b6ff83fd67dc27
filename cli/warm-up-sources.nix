# What is in trees of packages beside what warm-up.nix has: files that import each other, one of them large, and what fetches.
let
  inherit (builtins) compareVersions concatStringsSep getEnv isString lessThan map parseDrvName pathExists readFile substring trace
    unsafeDiscardStringContext unsafeGetAttrPos;
  lib = rec {
    inherit (import ./lib.nix { }) optionals versionOf;
    /* A comment of two
       lines. */
    place = attrs: let at = unsafeGetAttrPos "name" attrs; in if at == null then "" else "${at.file}:${toString at.line}";
    isNewer = a: b: compareVersions a b == 1;
  };
  fetch = { url, sha256 ? "", md5 ? "", name ? baseNameOf url }: derivation {
    inherit name url;
    system = "x86_64-linux";
    builder = "builtin:fetchurl";
    outputHash = if sha256 != "" then sha256 else md5;
    outputHashAlgo = if sha256 != "" then "sha256" else "md5";
    outputHashMode = "flat";
    urls = [ url ];
    preferLocalBuild = true;
  };
  tools = fetch { url = http://example.org/tools-1.0.tar.gz; sha256 = "0000000000000000000000000000000000000000000000000000"; };
  make = { name, src, patches ? [ ], buildInputs ? [ ], ... }@attrs:
    assert isString name -> name != "";
    derivation (removeAttrs attrs [ "meta" ] // {
      inherit patches;
      system = "x86_64-linux";
      builder = "${tools}/bin/sh";
      args = [ "-e" (attrs.builder or ./builder.sh) ];
      inputs = map (input: "${input.out or input}") buildInputs;
      hook = ''
        # ''${PATH} stays, ${name} does not
        echo '\n' "''$name" >$out''\n${lib.optionals (lib.isNewer "1.10" "1.9pre") "newer"}
      '';
    }) // { meta = { position = lib.place attrs; } // attrs.meta or { }; };
  packages = import ./large.nix { inherit make fetch lib; self = packages; };
  named = with packages; [ first (second.override or second) last ];
in
{
  drvs = map (package: unsafeDiscardStringContext package.drvPath) named;
  places = map (package: package.meta.position) named;
  versions = [ (lib.versionOf "hello-2.10-rc1") (parseDrvName "hello-2.10").version (lessThan 1 2) ];
  text = substring 0 4 (readFile ./builder.sh) + getEnv "IGOS_NONE" + toString ../none;
  found = [ (pathExists ./none.nix) (isString (toString <nix/fetchurl.nix>)) (dirOf ./lib.nix == ./.) (./. + "/lib.nix") ];
}
