# Reads the source of a program, looks at it without running it, and prints what is wrong with it as one line of JSON. It works in the jail too: the compiler of
# Python can be ended by a source.
import ast, json, sys


def find(text):
    try:
        tree = ast.parse(text, 'program.py')
        compile(tree, 'program.py', 'exec', dont_inherit=True)
    except SyntaxError as error:
        return [{'message': str(error.msg), 'line': error.lineno, 'column': error.offset}]
    except (ValueError, RecursionError, MemoryError) as error:
        return [{'message': 'The compiler stopped on it: %s' % type(error).__name__}]
    found = []
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = ['.' if node.level else node.module]
        for name in names:
            if name.split('.')[0] not in sys.stdlib_module_names:
                message = 'The import of "%s" is not allowed: a program has the standard library only' % name[:100]
                found.append({'message': message, 'line': node.lineno, 'column': node.col_offset + 1})
    runs = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == 'run']
    if not runs:
        found.append({'message': 'The program defines no function "run"'})
    for node in runs[-1:]:
        place = {'line': node.lineno, 'column': node.col_offset + 1}
        given = node.args.posonlyargs + node.args.args
        needed = len(given) - len(node.args.defaults)
        named = [one for one, default in zip(node.args.kwonlyargs, node.args.kw_defaults) if default is None]
        if isinstance(node, ast.AsyncFunctionDef):
            found.append({'message': 'The function "run" must be synchronous', **place})
        elif needed > 1 or named or not (given or node.args.vararg):
            found.append({'message': 'The function "run" must take one argument', **place})
    return found[:20]


try:
    source = sys.stdin.buffer.read().decode('utf-8')
    found = find(source)
except UnicodeDecodeError:
    found = [{'message': 'The source is not UTF-8'}]
print(json.dumps({'issues': found}))
