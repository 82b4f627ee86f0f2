# The process that runs a program of Python. It sees one program in its life. It reads and writes the frames of `frame.ts`: four numbers of u32, big-endian (length of
# the payload, id, kind, value), then the payload in UTF-8. Everything it reads comes from the pool; what it writes is not trusted there.
import builtins, json, os, re, signal, struct, sys, time, types

# Functions of this script look names like `len` up here, and not where a program can change them.
__builtins__ = dict(vars(builtins))

LOAD, DROP, CALL, READY, SUCCESS, ERROR, TIMEOUT = 1, 2, 3, 16, 17, 18, 19


class OutOfTime(BaseException):
    pass


class Nowhere:
    """Takes what a program prints; it goes nowhere."""

    encoding = 'utf-8'

    def write(self, text):
        return len(text)

    def flush(self):
        pass

    def isatty(self):
        return False


def keeper(modules, module=types.ModuleType, heap_type=1 << 9, immutable_type=1 << 8, set_on=type.__setattr__, delete_on=type.__delattr__):
    """
    Remembers what is in modules and in all that they lead to: lists, sets, dictionaries, classes of Python, and what objects have as attributes. Gives a function that
    puts it back. What an object holds elsewhere (in slots, or in C) is not seen, nor what says that it is equal; caches stay warm.
    """
    lists, sets, dicts, classes = [], [], [], []
    seen = {id(sys.modules), id(sys.path_importer_cache), id(re._cache)}
    waiting = [vars(one) for one in modules]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        kind = type(one)
        if kind is list:
            lists.append((one, one.copy()))
            waiting.extend(one)
        elif kind is set:
            sets.append((one, one.copy()))
        elif kind is dict:
            dicts.append((one, one.copy()))
            waiting.extend(one.values())
        elif kind is tuple:
            waiting.extend(one)
        elif isinstance(one, type):
            if one.__flags__ & heap_type and not one.__flags__ & immutable_type:
                members = dict(vars(one))
                classes.append((one, members))
                waiting.extend(members.values())
        elif kind is not module and type(getattr(one, '__dict__', None)) is dict:
            waiting.append(vars(one))

    def put_back():
        # By what is equal, not by what is the same: so a whole dictionary is compared in C, a quarter of a millisecond less a call.
        for own, items in lists:
            if own != items:
                own[:] = items
        for own, items in sets + dicts:
            if own != items:
                own.clear()
                own.update(items)
        for owner, members in classes:
            own = vars(owner)
            if own != members:
                for name in [name for name in own if name not in members]:
                    delete_on(owner, name)
                for name, value in members.items():
                    if own.get(name, members) is not value:
                        set_on(owner, name, value)

    return put_back


# What is used around a program is bound here, before the program can change the modules it comes from.
def worker(
    limits,
    pipes,
    scan=json.JSONDecoder().scan_once,
    make_encoder=json.encoder.c_make_encoder,
    quote=json.encoder.c_encode_basestring,
    quote_ascii=json.encoder.c_encode_basestring_ascii,
    many_digits=re.compile('[0-9]{16}').search,
    setitimer=signal.setitimer,
    alarm=signal.ITIMER_REAL,
    clock=time.perf_counter,
    processor_time=time.process_time,
    write=os.write,
    header=struct.Struct('>IIII'),
    new_module=types.ModuleType,
    builtins_of_programs=builtins,
):
    source, answers = pipes
    modules, state = sys.modules, {'armed': False, 'late': 0, 'fair': 0, 'last': 0}
    largest = 2**53 - 1
    # Bytes of the message are bounded by the pool in units of UTF-16.
    message_limit = limits['messageLimitChars'] // 2

    def on_alarm(number, frame):
        if not state['armed']:
            return
        # On a busy machine time alone says nothing: what had less than its share of a processor goes on.
        if processor_time() < state['fair'] and clock() < state['last']:
            setitimer(alarm, state['late'])
            return
        state['armed'] = False
        raise OutOfTime()

    signal.signal(signal.SIGALRM, on_alarm)

    def send(kind, id, value, payload):
        data = header.pack(len(payload), id, kind, value) + payload
        while data:
            data = data[write(answers, data) :]

    def refuse(value):
        raise TypeError('The program returned a value that is not JSON: %s' % type(value).__name__)

    def check_integers(value):
        waiting = [value]
        while waiting:
            one = waiting.pop()
            if isinstance(one, int) and not -largest <= one <= largest:
                raise ValueError('The output has an integer that a number of JSON cannot hold exactly')
            if isinstance(one, dict):
                waiting.extend(one.values())
            elif isinstance(one, (list, tuple)):
                waiting.extend(one)

    def encode(value, quoting):
        # Without NaN and the infinities; keys are not sorted.
        return ''.join(make_encoder({}, refuse, quoting, None, ':', ',', False, False, False)(value, 0))

    def output(value):
        text = encode(value, quote)
        if many_digits(text):
            check_integers(value)
        if len(text) > limits['outputLimitChars']:
            raise ValueError('The output has more than %d characters' % limits['outputLimitChars'])
        try:
            return text.encode()
        except UnicodeEncodeError:
            return encode(value, quote_ascii).encode()

    def describe(error):
        try:
            return ('%s: %s' % (type(error).__name__, error))[:message_limit]
        except Exception:
            return 'The program raised an error that cannot be shown'

    def load(code):
        module = new_module('program')
        modules['program'] = module
        module.__dict__['__builtins__'] = builtins_of_programs
        exec(compile(code, 'program.py', 'exec'), module.__dict__)
        run = module.__dict__.get('run')
        if not callable(run):
            raise TypeError('The program defines no function "run"')
        return run

    def renew():
        """What the interpreter began with is as it was before any program; what was imported since is imported anew."""
        for name in [name for name in modules if name not in older]:
            del modules[name]
        modules.update(older)
        put_back()

    def attempt(program, text):
        """Gives the kind of the answer and its text. A program that ran out of time or memory is loaded again by the next call."""
        try:
            if program['isFresh']:
                renew()
            if program['run'] is None or program['isFresh']:
                program['run'] = load(program['code'])
            value, _ = scan(text, 0)
            return SUCCESS, output(program['run'](value))
        except OutOfTime:
            raise
        except MemoryError:
            program['run'] = None
            return ERROR, b'\nThe program used more than %d MB of memory' % limits['memoryLimitMb']
        except BaseException as error:
            return ERROR, b'\n' + describe(error).encode('utf-8', 'replace')

    def call(program, text):
        late = program['timeoutMs']
        try:
            try:
                state['late'] = late / 1000
                state['fair'] = processor_time() + limits['fairShare'] * state['late']
                # An alarm before this may be followed by one more.
                state['last'] = clock() + (limits['patience'] - 1) * state['late']
                state['armed'] = True
                setitimer(alarm, state['late'])
                return attempt(program, text)
            finally:
                state['armed'] = False
                setitimer(alarm, 0)
        except OutOfTime:
            program['run'] = None
            return TIMEOUT, b'\nThe program ran longer than %d ms' % late

    programs = {}
    older = dict(modules)
    put_back = keeper(older.values())
    send(READY, 0, 0, ('cpython %d.%d' % sys.version_info[:2]).encode())
    while True:
        head = source.read(16)
        if len(head) < 16:
            os._exit(0)
        length, id, kind, slot = header.unpack(head)
        text = source.read(length).decode()
        if kind == LOAD:
            options, _, code = text.partition('\n')
            wanted, _ = scan(options, 0)
            programs[slot] = {'code': code, 'run': None, 'isFresh': wanted.get('state') == 'fresh', 'timeoutMs': wanted.get('timeoutMs', limits['timeoutMs'])}
        elif kind == DROP:
            programs.pop(slot, None)
        else:
            start = clock()
            answer, payload = call(programs[slot], text)
            send(answer, id, min(2**32 - 1, round((clock() - start) * 1e6)), payload)


def main():
    # Numbers 0 and 1 lead nowhere from here on: what a program writes there must not be taken for a frame.
    source, answers = open(os.dup(0), 'rb', 262144), os.dup(1)
    os.set_blocking(answers, True)
    os.set_blocking(source.fileno(), True)
    os.dup2(2, 0, inheritable=False)
    os.dup2(2, 1, inheritable=False)
    sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = Nowhere()
    sys.stdin = sys.__stdin__ = None
    worker(json.loads(sys.argv[1]), (source, answers))


main()
