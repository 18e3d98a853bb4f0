"""The directory of a monitor: a file a process, and one file of what ended processes counted.

    PREFIX-ID.live     one process's store: made under another name with its space reserved, held
                       by `flock` for life, renamed into place, never resized
    PREFIX.merged      the windows of ended processes, and the ids of those whose files may still
                       be there
    PREFIX.lock        whoever holds its `flock` folds
    PREFIX-ID.tmp      a file in the making
    *.damaged          what could not be read, set aside

PREFIX says of which reference, window and number of slots; files of others are none of ours.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

from . import _core

_LOG = logging.getLogger("fastcore.monitor")
#: On these `flock` or shared memory does not reach other hosts, or not always this one.
_NETWORK = {
    *("9p", "afs", "ceph", "cifs", "coda", "gfs", "gfs2", "glusterfs", "lustre", "ncpfs", "nfs"),
    *("nfs4", "ocfs2", "smb3", "smbfs", "virtiofs"),
}
_TRIES = 1000


class OwnFile:
    """The file of this process. Made by `Directory.create`, open and locked until `close`."""

    def __init__(self, fd: int, path: str, ident: bytes, size: int) -> None:
        self.fd, self.path, self.id, self.size = fd, path, ident, size

    def publish(self, path: str) -> None:
        """Give it its name: from now on others read it."""
        os.rename(self.path, path)
        self.path = path

    def is_healthy(self) -> bool:
        """Whether others still find it by its name, with its size."""
        try:
            mine, named = os.fstat(self.fd), os.stat(self.path)
        except OSError:
            return False
        return mine.st_ino == named.st_ino and mine.st_size == self.size and mine.st_nlink > 0

    def close(self) -> None:
        """Give up the lock; the file stays for whoever folds it."""
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1

    __del__ = close


class Directory:
    """The files of one reference in a directory.

    Parameters
    ----------
    path : str
        The directory; made if it is not there.
    digest : bytes
        The fingerprint that the files must have.
    snapshot : callable
        Makes an empty `_core.Snapshot` for them.

    Raises
    ------
    OSError
        If it cannot be made or written to, or is on a network file system.
    """

    def __init__(self, path: str, digest: bytes, snapshot: Callable[[], _core.Snapshot]) -> None:
        os.makedirs(path, exist_ok=True)
        self.path, self.prefix, self.snapshot = path, digest.hex()[:12], snapshot
        kind = _file_system(path)
        if kind in _NETWORK or kind.startswith("fuse.sshfs") or kind.startswith("fuse.gluster"):
            raise OSError(
                errno.ENOTSUP,
                f"path: a monitor needs a directory of this host, and this is {kind}",
                path,
            )
        if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "path: the directory is not writable", path)
        #: What stands in the way, by file: said once in the log, and shown by the monitor.
        self.problems: dict[str, str] = {}

    def _name(self, rest: str) -> str:
        return os.path.join(self.path, self.prefix + rest)

    def note(self, path: str, what: object) -> None:
        """A problem that the service survives."""
        name = os.path.basename(path) or path
        if self.problems.get(name) != str(what):
            self.problems[name] = str(what)
            _LOG.warning("monitor: %s: %s", path, what)

    def _with_ids(self, end: str) -> Iterator[tuple[str, bytes]]:
        """The files of processes: path and id."""
        start = self.prefix + "-"
        for name in sorted(os.listdir(self.path)):
            if name.startswith(start) and name.endswith(end):
                with contextlib.suppress(ValueError):
                    ident = bytes.fromhex(name[len(start) : -len(end)])
                    if len(ident) == 16:
                        yield os.path.join(self.path, name), ident

    # ---- Own file ----

    def create(self, size: int) -> OwnFile:
        """A new file of `size` bytes, locked, not yet in place.

        Raises
        ------
        OSError
            If there is no room for it, for instance.
        """
        os.makedirs(self.path, exist_ok=True)
        while True:
            ident = os.urandom(16)
            path = self._name(f"-{ident.hex()}.tmp")
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX)
                if os.fstat(fd).st_nlink:
                    # A full disk is an error now, not a signal at some later store.
                    os.posix_fallocate(fd, 0, size)
                    return OwnFile(fd, path, ident, size)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(path)
                os.close(fd)
                raise
            # Between its making and its lock it looked like the rest of an ended process, and
            # somebody has tidied it up.
            os.close(fd)

    def live_name(self, own: OwnFile) -> str:
        return self._name(f"-{own.id.hex()}.live")

    # ---- Reading ----

    def _merged(self) -> tuple[_core.Snapshot, set[bytes], Any]:
        """What ended processes counted, the ids in it, and which file that was."""
        part, path = self.snapshot(), self._name(".merged")
        try:
            with open(path, "rb") as file:
                stat = os.fstat(file.fileno())
                data = file.read()
        except FileNotFoundError:
            return part, set(), None
        ids, fault = part.add_bytes(data)
        if fault is not None:
            self.note(path, fault)
        else:
            self.problems.pop(os.path.basename(path), None)
        # Its last bytes are its checksum: an inode and a time may come again.
        which = (stat.st_ino, stat.st_mtime_ns, stat.st_size, data[-8:], fault)
        return part, {ids[i : i + 16] for i in range(0, len(ids), 16)}, which

    def gather(self, own: OwnFile | None, monitor: _core.Monitor) -> _core.Snapshot:
        """The windows of all processes.

        What a process counted is in its own file or in the merged one; the merged file names those
        that it holds. If it was replaced while the others were read, all is read again.
        """
        for _ in range(_TRIES):
            part, folded, which = self._merged()
            try:
                complete = self._add_live(part, folded, own, monitor)
                if complete and self._merged()[2] == which:
                    return part
            except FileNotFoundError:  # the directory has vanished
                part = self.snapshot()
                part.add(monitor)
                return part
            time.sleep(0)
        raise OSError(errno.EBUSY, "monitor: its files changed each time they were read", self.path)

    def _add_live(
        self,
        part: _core.Snapshot,
        folded: set[bytes],
        own: OwnFile | None,
        monitor: _core.Monitor,
    ) -> bool:
        added = False
        for path, ident in self._with_ids(".live"):
            if own is not None and ident == own.id:
                part.add(monitor)
                added = True
                continue
            if ident in folded:
                continue
            try:
                fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                return False  # it was folded a moment ago
            except OSError as error:
                self.note(path, error)
                continue
            try:
                fault = part.add_file(fd, os.fstat(fd).st_size)
            finally:
                os.close(fd)
            if fault is not None:
                self.note(path, fault)
        if not added:
            part.add(monitor)  # it is kept in memory, or its file is gone
        return True

    # ---- Folding ----

    @contextlib.contextmanager
    def _locked(self, wait: bool) -> Iterator[bool]:
        fd = os.open(self._name(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(fd)

    def fold(self) -> None:
        """Add the files of ended processes to the merged one. Somebody else may be doing it."""
        try:
            with self._locked(wait=False) as locked:
                if locked:
                    self._tidy()
                    self._fold_dead(self._dead())
        except OSError as error:
            self.note(self.path, error)  # nothing is lost: the files are still there

    def _dead(self) -> list[tuple[str, bytes, int]]:
        """The files that nobody holds, held by us."""
        found = []
        for path, ident in self._with_ids(".live"):
            try:
                fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            except OSError:
                continue
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                alive = os.fstat(fd).st_nlink == 0
            except OSError:
                alive = True
            if alive:
                os.close(fd)
            else:
                found.append((path, ident, fd))
        return found

    def _fold_dead(self, dead: list[tuple[str, bytes, int]]) -> None:
        try:
            if not dead:
                return
            part, folded, which = self._merged()
            if which is not None and which[-1] is not None:
                _set_aside(self._name(".merged"))
            there = {ident for _, ident in self._with_ids(".live")}
            ids, done = sorted(folded & there), []
            for path, ident, fd in dead:
                if ident not in folded:
                    fault = part.add_file(fd, os.fstat(fd).st_size)
                    if fault is not None:
                        self.note(path, fault)
                        _set_aside(path)
                        continue
                    ids.append(ident)
                done.append(path)
            self._write_merged(part.to_bytes(b"".join(ids)))
            for path in done:
                os.unlink(path)
        finally:
            for _, _, fd in dead:
                os.close(fd)

    def _write_merged(self, data: bytes) -> None:
        temporary = self._name(".merged.tmp")
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            try:
                with open(fd, "wb", closefd=False) as file:
                    file.write(data)
                os.fsync(fd)
            finally:
                os.close(fd)
            os.rename(temporary, self._name(".merged"))
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        folder = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _tidy(self) -> None:
        """Remove the unfinished files of ended processes."""
        for path, _ in self._with_ids(".tmp"):
            with contextlib.suppress(OSError):
                fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
                try:
                    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    os.unlink(path)
                finally:
                    os.close(fd)

    def add(self, other: _core.Snapshot) -> None:
        """Add windows from elsewhere to the merged file."""
        with self._locked(wait=True):
            part, folded, which = self._merged()
            if which is not None and which[-1] is not None:
                _set_aside(self._name(".merged"))
            part.add(other)
            self._write_merged(part.to_bytes(b"".join(sorted(folded))))


def _set_aside(path: str) -> None:
    with contextlib.suppress(OSError):
        os.rename(path, f"{path}.{os.urandom(4).hex()}.damaged")


def _file_system(path: str) -> str:
    """The type of the file system that a directory is on; empty if the system does not say."""
    device = os.stat(path).st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
    except OSError:
        return ""
    for line in reversed(lines):
        words = line.split()
        if len(words) > 2 and words[2] == wanted and "-" in words:
            return words[words.index("-") + 1]
    return ""
