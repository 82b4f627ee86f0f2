# Runs in the wall, as the only program there. It reads one JSON document from standard input, does what its mode says, and writes one line that begins with the
# nonce of that document. Modes: `tests` runs tests, `check` parses the files and looks at their imports, `answers` calls `run` of the first file with inputs. What the program prints goes into a text of its own. Whoever ends this process early gives no result, which is a failure.
#
# It imports little: `ast` and `traceback` would take longer than most programs, whose classes and fields are at hand without them.
import _ast, io, json, os, resource, sys, types


def limit(task):
    memory = task['memory_mb'] * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (16 * 1024 * 1024,) * 2)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))


class Output(io.StringIO):
    def write(self, text):
        return super().write(text[: max(0, 65536 - self.tell())]) if self.tell() < 65536 else len(text)


def describe(error):
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    place = '' if last is None else ' (%s:%s)' % (os.path.basename(last.tb_frame.f_code.co_filename), last.tb_lineno)
    return ('%s: %s' % (type(error).__name__, error))[:500] + place


def parse(text, path):
    return compile(text, path, 'exec', _ast.PyCF_ONLY_AST)


def walk(tree):
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for field in node._fields:
            value = getattr(node, field, None)
            waiting.extend(part for part in (value if isinstance(value, list) else [value]) if isinstance(part, _ast.AST))


def imports(tree):
    names = set()
    for node in walk(tree):
        if isinstance(node, _ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, _ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def calls_something(tree):
    quiet = (_ast.FunctionDef, _ast.AsyncFunctionDef, _ast.ClassDef, _ast.Import, _ast.ImportFrom, _ast.Pass)
    for node in tree.body:
        if isinstance(node, quiet):
            continue
        if isinstance(node, _ast.Expr) and isinstance(node.value, _ast.Constant):
            continue
        if isinstance(node, (_ast.Assign, _ast.AnnAssign)) and not any(isinstance(part, _ast.Call) for part in walk(node)):
            continue
        return True
    return False


def run_file(test, task):
    results = []

    def attempt(name, call):
        try:
            value = call()
            if isinstance(value, types.CoroutineType):
                import asyncio

                asyncio.run(value)
            results.append({'name': name, 'status': 'passed', 'message': None})
            return True
        except MemoryError:
            results.append({'name': name, 'status': 'failed', 'message': 'it used more than %s MB of memory' % task['memory_mb']})
        except BaseException as error:
            results.append({'name': name, 'status': 'failed', 'message': describe(error)})
        return False

    path = test['file_path']
    try:
        tree = parse(test['content'], path)
        known = {os.path.splitext(file['file_path'])[0].replace('/', '.') for file in task['files']}
        module = types.ModuleType('graded')
        module.__file__ = path
        sys.modules['graded'] = module
        scope = module.__dict__
        code = compile(tree, path, 'exec')
        program = None if imports(tree) & known else task['files'][0]
        program_code = None if program is None else compile(program['content'], program['file_path'], 'exec')
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return [{'name': path, 'status': 'failed', 'message': describe(error)}]
    before = set()
    if program_code is not None:
        if not attempt(path, lambda: exec(program_code, scope)):
            return results
        results.clear()
        before = {key: value for key, value in scope.items()}
    if not attempt(path, lambda: exec(code, scope)):
        return results
    ran_itself = calls_something(tree)
    results.clear()
    entry = task['entry_point']
    own = {key: value for key, value in list(scope.items()) if program_code is None or before.get(key) is not value}
    defined = {node.name for node in tree.body if isinstance(node, (_ast.FunctionDef, _ast.AsyncFunctionDef, _ast.ClassDef))}
    check = own.get('check')
    if entry is not None and callable(check) and not any(
        isinstance(node, _ast.Expr) and isinstance(node.value, _ast.Call) and getattr(node.value.func, 'id', None) == 'check' for node in tree.body
    ):
        attempt('check(%s)' % entry, lambda: check(scope[entry]))
    for name in [name for name in own if name in defined]:
        value = own[name]
        if isinstance(value, types.FunctionType) and name.startswith('test') and value.__code__.co_argcount == 0:
            attempt(name, value)
        elif isinstance(value, type):
            run_cases(name, value, attempt)
    if not results and ran_itself:
        results.append({'name': path, 'status': 'passed', 'message': None})
    return results


def run_cases(name, case, attempt):
    if 'unittest' not in sys.modules:
        return
    import unittest

    if not issubclass(case, unittest.TestCase):
        return
    for method in unittest.defaultTestLoader.getTestCaseNames(case):

        def run(method=method):
            result = unittest.TestResult()
            case(method).run(result)
            for _, text in result.errors + result.failures:
                raise AssertionError(text.strip().splitlines()[-1])
            if result.unexpectedSuccesses:
                raise AssertionError('it passed, and should not')

        attempt('%s.%s' % (name, method), run)


def check(task):
    found = []
    own = {name for file in task['files'] + task['tests'] for name in [file['file_path'].split('/')[0].removesuffix('.py')]}
    for file in task['files'] + task['tests']:
        path = file['file_path']
        if not path.endswith('.py'):
            continue
        try:
            tree = parse(file['content'], path)
            compile(tree, path, 'exec')
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            found.append({'file': path, 'line': getattr(error, 'lineno', None), 'message': '%s: %s' % (type(error).__name__, getattr(error, 'msg', error))})
            continue
        for name in sorted(imports(tree)):
            top = name.split('.')[0]
            if top not in own and top not in sys.stdlib_module_names and top not in task['allowed']:
                found.append({'file': path, 'line': None, 'message': 'the import of "%s" is refused: it is not in the standard library' % name})
    return {'found': [dict(one, message=one['message'][:500]) for one in found[:200]]}


def answers(task):
    file = task['files'][0]
    module = types.ModuleType('program')
    sys.modules['program'] = module
    try:
        exec(compile(file['content'], file['file_path'], 'exec'), module.__dict__)
        run = module.__dict__['run']
    except BaseException as error:
        return {'problem': describe(error), 'answers': []}
    given = []
    for value in task['inputs']:
        try:
            given.append({'output': json.dumps(run(value), allow_nan=False)})
        except BaseException as error:
            given.append({'error': describe(error)})
    return {'problem': None, 'answers': given}


def tests(task):
    results = []
    for test in task['tests']:
        results.extend(dict(result, file=test['file_path']) for result in run_file(test, task))
    return {'tests': results[:5000]}


def main():
    task = json.loads(sys.stdin.buffer.read())
    nonce = task.pop('nonce')
    answer = os.dup(1)
    sys.stdin = io.StringIO('')
    for file in task['files'] + task['tests']:
        path = os.path.join('/work', file['file_path'])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8', errors='surrogatepass') as out:
            out.write(file['content'])
    os.chdir('/work')
    sys.path[:0] = ['/work']
    sys.setrecursionlimit(5000)
    limit(task)
    os.write(answer, b'ready\n')
    output = sys.stdout = sys.stderr = Output()
    result = {'tests': tests, 'check': check, 'answers': answers}[task['mode']](task)
    line = '\n%s %s\n' % (nonce, json.dumps(dict(result, printed=output.getvalue()[:65536])))
    data = line.encode('utf-8', 'backslashreplace')
    while data:
        data = data[os.write(answer, data) :]
    os._exit(0)


main()
