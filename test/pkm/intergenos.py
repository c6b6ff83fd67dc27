"""Drives InterGenOS's own tools for intergenos.test.ts: argv is a verb and its operands, the answer is JSON on stdout."""
import contextlib
import hashlib
import importlib
import importlib.util
import io
import json
import logging
import os
import sys
import types
from pathlib import Path

CHECKOUT = Path(os.environ["IGOS_INTERGENOS"])
sys.path.insert(0, str(CHECKOUT))


def load(name, path):
    spec = importlib.util.spec_from_file_location(name, str(path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(db, query):
    cursor = db.conn.execute(query)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor]


def install(root, *archives):
    """Each archive with their installer; then their verifier over all."""
    from pkm.database import PackageDB
    from pkm.installer import PackageInstaller
    from pkm.verifier import PackageVerifier

    db = PackageDB(str(Path(root) / "var/lib/igos/pkm.db"), root=root)
    installer = PackageInstaller(db, root=root)
    names = [Path(archive).name.rsplit("-", 1)[0] for archive in archives]
    installs = [installer.install(name, archive_path=archive, queue=names) for name, archive in zip(names, archives)]
    return {
        "installs": installs,
        "verify": PackageVerifier(db).verify_all("strict"),
        "installed": rows(db, "SELECT * FROM installed ORDER BY name"),
        "depends": rows(db, "SELECT dep_name FROM depends ORDER BY dep_name"),
    }


def remove(root, name):
    from pkm.database import PackageDB
    from pkm.remover import PackageRemover

    db = PackageDB(str(Path(root) / "var/lib/igos/pkm.db"), root=root)
    return PackageRemover(db, root=root).remove(name)


def emit(chroot, output):
    """Their publishing script: archives from text manifests and the files of a root."""
    script = load("emit_package_archives", CHECKOUT / "scripts/emit-package-archives.py")
    manifests = sorted((Path(chroot) / "var/lib/igos/packages").iterdir())
    return [script.emit_archive(manifest, chroot, output) for manifest in manifests]


def build(staging, output, name, version):
    """Their builder's tracker: text manifest, .PKGINFO and archive of a staged package."""
    package = types.ModuleType("igos_build")
    package.__path__ = [str(CHECKOUT / "igos-build")]
    sys.modules["igos_build"] = package
    tracker = importlib.import_module("igos_build.tracker").PackageTracker()
    tracker.logger = logging.getLogger("build")
    tracker.pkg_db = Path(output) / "manifests"
    tracker.pkg_db.mkdir()
    tracker.pkg_archives = Path(output)
    tracker._compute_template_hash = lambda _: hashlib.sha256(name.encode()).hexdigest()[:16]
    about = types.SimpleNamespace(
        name=name,
        version=version,
        release=3,
        description="made by igos-build",
        license="MIT",
        tier="core",
        supersedes=[],
        depends=types.SimpleNamespace(runtime=["glibc"]),
    )
    ok = tracker.pkg_manifest(about, Path(staging)) and tracker.pkg_archive(about, Path(staging))
    return {"ok": ok}


verb, *operands = sys.argv[1:]
with contextlib.redirect_stdout(io.StringIO()):
    answer = {"install": install, "remove": remove, "emit": emit, "build": build}[verb](*operands)
print(json.dumps(answer, default=str))
