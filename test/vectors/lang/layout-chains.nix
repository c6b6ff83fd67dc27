{
  a = [ x y ] ++ lib.optionals stdenv.isLinux [ aaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbb ] ++ lib.optional foo cccccccccccccccccc;
  a1 = [ x y ] ++ b;
  a2 = [ x 
   y ] ++ b;
  a3 = [
   x y ] ++ b ++ c;
  b = { q = 1; r = 2; } // cfg.phpOptions // optionalAttrs cfg.caching.apcu { "apc" = 1; x = 1; };
  c = foo // bar // optionalAttrs cfg.caching.apcu { "apc" = 1; x = 1; };
  c2 = foo // bar // optionalAttrs cfg.caching.apcu { "apc" = 1; x = 1; } // z;
  c3 = foo // bar // (optionalAttrs cfg.caching.apcu { "apc" = 1; x = 1; }) // (z // { a = 1; b = 2; });
  d = ''
    x
  '' + y + lib.optionalString x ''
    y
  '';
  e = (a + b) + (c + d) + aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa + bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb;
  f = ([ a ] ++ b) ++ aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ++ bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb;
  g = x: [ a b c ] ++ aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ++ bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb;
  h = mapAttrs (name: value: { inherit name; y = value; }) cfg;
  i = function arg { asdf = 1; qwer = 2; } argument; # behind
  j = mapAttrs (name: value: { inherit name; }) cfg;
  k = (fold (a: { b = a; c = a; }) { d = 1; e = 2; } (attrNames x)).y;
  l = config.some.attribute.path or "a default that is so long that both cannot stand on one line, not even below";
  m = config.a or { b = 1; c = 2; };
  n = mkIf cfg.enable (mkMerge [ { a = 1; b = 2; } c ]);
  o = mkIf cfg.enable (mkMerge foo [ { a = 1; b = 2; } c ]);
  p = attrsOf (submodule { options = { }; imports = [ ]; });
  enable = mkEnableOption (lib.mdDoc "a service") // { default = true; example = false; };
  q = map (x: { a = x; b = x; }) y // { default = true; };
}
