# head

{ lib, stdenv, fetchurl ? null, ... }@args:
let
  inherit (lib) optional optionals;
  version = "1.2"; # the version
  # own line

  f = x: y: x + y;
  g = { a, b }: a;
in
with lib;
assert version != "";
rec {
  short = { };
  list = [ 1 2 3 ];
  one = { a = 1; };
  long = [
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    "cccccccccccccccccccccccccc"
  ];
  calls = stdenv.mkDerivation {
    name = "x";
    src = ./.;
  };
  args = foo (bar baz) [ a b ] {
    c = 1;
    d = 2;
  };
  toolong =
    someFunctionName argumentNumberOne argumentNumberTwo argumentNumberThree argumentNumberFour five;
  ops =
    a
    ++ b
    ++ optionals stdenv.isLinux [ some packages here ]
    ++ optionals stdenv.isDarwin [ other packages ];
  cond = if a then b else if c then d else e;
  longcond =
    if someVeryLongCondition && anotherVeryLongCondition then
      { a = 1; }
    else
      throw "this is not supported on this platform";
  sel = a.b.c or d;
  has = a ? b.c;
  neg = -1 - -x;
  not = !a && !(b || c);
  str = "a ${  b  } c";
  ind = ''
    first
      second ${x}

    third
  '';
  same = ''one line'';
  path = ./a/${b}/c;
  uri = http://x.y/z;
  nested' = map (x: {
    inherit x;
    y = x;
  }) (filter (p: p.ok) [ ]);
  /* block */ inline = /* here */ 1; # trailing
  inherit n m;
  inherit (lib.attrsets) mapAttrs filterAttrs genAttrs recursiveUpdate optionalAttrs nameValuePair;
  inherit (very.long.path.to.some.attribute.set)
    mapAttrs'
    filterAttrs'
    genAttrs'
    recursiveUpdate'
    optionalAttrs'
    ;
  l =
    let
      a = 1;
    in
    a;
  w = with x; [ y ];
  lam = { a, b ? { }, ... }: { inherit a b; };
  fn =
    {
      aaaaaaaaaaaaaaaaaaaaaaaa,
      bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb ? 1,
      cccccccccccccccccccccccc,
      ddddddddddd
    }:
    1;
  behind = [
    (if a then b else c) # of a bracket
    [ a b ] # another
    { a = 1; } # third
    [ ] # fourth
  ];
  over =
    if a then
      "x ${
    b}"
    else if c then
      "c"
    else
      "d";
  over' = "a ${
    b}";
  over'' = (map (x: x) "${a
    }");

  # before the end
}
# after
