"""Drives the package manager of InterGenOS (a checkout of it is on PYTHONPATH): intergenos.py OPERATION ARCHIVES ROOT."""
import contextlib, glob, io, os, re, sys

operation, archives, root = sys.argv[1:]
from pkm.database import PackageDB

database = PackageDB(os.path.join(root, 'var/lib/igos/pkm.db'), root=root)
files = sorted(glob.glob(os.path.join(archives, '*.igos.tar.gz')))
names = [re.match(r'(.+?)-\d', os.path.basename(file)).group(1) for file in files]
with contextlib.redirect_stdout(io.StringIO()):
    if operation == 'install':
        from pkm.installer import PackageInstaller
        installer = PackageInstaller(database, root=root)
        results = [installer.install(name, archive_path=file, queue=names) for name, file in zip(names, files)]
        failed = [message for ok, message in results if not ok]
    elif operation == 'verify':
        from pkm.verifier import PackageVerifier
        reports = [result[-1] for result in PackageVerifier(database, ).verify_all('strict')]
        failed = [report for report in reports if report['missing'] or report['modified']]
    else:
        from pkm.remover import PackageRemover
        remover = PackageRemover(database, root=root)
        failed = [message for ok, message in (remover.remove(name, force=True) for name in reversed(names)) if not ok]
if failed:
    sys.exit('\n'.join(map(str, failed[:5])))
