# Runs where a worker of Python would run, and tries what a program would try. It prints what it could do as one line of JSON, and stays until its input is
# closed, so that it can be looked at from outside. It forks once, at the most.
import errno, json, os, socket, sys, threading

given = json.loads(sys.argv[1])


def attempt(name, run):
    try:
        run()
        return {'name': name, 'error': None}
    except OSError as error:
        return {'name': name, 'error': errno.errorcode.get(error.errno, 'failed')}
    except Exception:
        return {'name': name, 'error': 'failed'}


def fork():
    if os.fork() == 0:
        os._exit(0)


findings = {
    'files': [
        attempt('read a file of the edge', lambda: open(given['secretFile']).read()),
        attempt('read /etc/passwd', lambda: open('/etc/passwd').read()),
        attempt('list /proc', lambda: os.listdir('/proc')),
        attempt('write to /', lambda: os.mkdir('/loopwright')),
        attempt('write to /tmp', lambda: open('/tmp/loopwright', 'w')),
    ],
    'network': [
        attempt('make a socket', lambda: socket.socket()),
        attempt('connect to this machine', lambda: socket.create_connection(('127.0.0.1', given['port']), 1)),
    ],
    'processes': [
        attempt('fork', fork),
        attempt('start a thread', lambda: threading.Thread(target=lambda: None).start()),
        attempt('start a process', lambda: os.posix_spawn(sys.executable, [sys.executable, '-V'], {})),
        attempt('signal the edge', lambda: os.kill(given['outsidePid'], 0)),
        attempt('signal its parent', lambda: os.kill(os.getppid(), 0)),
    ],
    'environment': [name for name in os.environ if name not in ('TZ', 'PWD', 'LC_CTYPE')],
}
print(json.dumps(findings), flush=True)
sys.stdin.read()
