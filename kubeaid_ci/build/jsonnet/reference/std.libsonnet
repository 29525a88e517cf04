// What rjsonnet reads in the place of operators and of `std`: the answers are those of go-jsonnet.
//
// A function that is named here without a definition answers alike in both. Every other one is either
// defined by what the reference does, or asked of gojsonnet (`ask`). Where an argument is outside of
// what was compared, an error makes the reference evaluate everything.
local o = std;

local is_string = o.isString;
local is_number = o.isNumber;
local is_array = o.isArray;
local is_object = o.isObject;

local native_number = o.native('number');
local native_to_string = o.native('to_string');
local native_quote = o.native('quote');
local native_split = o.native('split_format');
local native_render = o.native('render');
local native_ask = o.native('ask');

local json(value) = o.manifestJsonEx(value, '', '', ':');
local ask(name, arguments) = native_ask(name, json(arguments));
local reference(what) = error 'left to the reference: ' + what;

local text(value) =
  if is_string(value) then value
  else if is_number(value) then native_number(value)
  else if value == null then 'null'
  else if value == true then 'true'
  else if value == false then 'false'
  else native_to_string(json(value));

local add(a, b) =
  local sum = a + b;
  if !is_string(sum) || (is_string(a) && is_string(b)) then sum
  else text(a) + text(b);

// rjsonnet takes numbers that are nearly equal for equal.
local same_number(a, b) = a <= b && a >= b;
local eq(a, b) =
  local type = o.type(a);
  if type != o.type(b) then false
  else if type == 'number' then same_number(a, b)
  else if type == 'array' then
    o.length(a) == o.length(b) && o.all(o.makeArray(o.length(a), function(i) eq(a[i], b[i])))
  else if type == 'object' then
    local names = o.objectFields(a);
    names == o.objectFields(b) && o.all(o.map(function(name) eq(a[name], b[name]), names))
  else a == b;

// Sums of more operands: only those with text in them are added step by step.
local add3(a, b, c) = local sum = a + b + c; if is_string(sum) then add(add(a, b), c) else sum;
local add4(a, b, c, d) = local sum = a + b + c + d; if is_string(sum) then add(add3(a, b, c), d) else sum;
local add5(a, b, c, d, e) = local sum = a + b + c + d + e; if is_string(sum) then add(add4(a, b, c, d), e) else sum;
local add6(a, b, c, d, e, f) =
  local sum = a + b + c + d + e + f; if is_string(sum) then add(add5(a, b, c, d, e), f) else sum;
local add7(a, b, c, d, e, f, g) =
  local sum = a + b + c + d + e + f + g; if is_string(sum) then add(add6(a, b, c, d, e, f), g) else sum;
local add8(a, b, c, d, e, f, g, h) =
  local sum = a + b + c + d + e + f + g + h; if is_string(sum) then add(add7(a, b, c, d, e, f, g), h) else sum;

// The reference refuses larger numbers as a position or a count.
local most = 2147483647;

local is_whole(value) = is_number(value) && o.floor(value) == value;

// What a directive needs: text for `%s`, a number or text for the others.
local argument(kind, value) =
  if kind == 's' then text(value)
  else if is_string(value) || is_number(value) then value
  else reference('format of ' + o.type(value));

local format_values(template, values) =
  local parts = native_split(template, false);
  local at(position) = if position < 0 then null else values[position];
  if o.length(values) != parts[0] then
    reference('format with another number of values')
  else
    o.join('', [
      if is_string(part) then part
      else if is_number(part) then text(values[part])
      else
        local value = if part[3] < 0 then '' else argument(part[4], values[part[3]]);
        native_render(template, part[0], at(part[1]), at(part[2]), value)
      for part in parts[1:]
    ]);

local format_object(template, object) =
  o.join('', [
    if is_string(part) then part
    else if o.length(part) == 1 then text(object[part[0]])
    else
      local value = if part[1] == null then '' else argument(part[2], object[part[1]]);
      native_render(template, part[0], null, null, value)
    for part in native_split(template, true)
  ]);

local format(template, values) =
  if !is_string(template) then reference('format')
  else if is_array(values) then format_values(template, values)
  else if is_object(values) then format_object(template, values)
  else format_values(template, [values]);

local mod(a, b) =
  if is_string(a) then format(a, b)
  else if is_number(a) && is_number(b) then a % b
  else reference('a remainder of other values than numbers');

// A template that only has `%s` of these names, or so many: text is put in by both in the same way.
local all_text(values) = o.all(o.map(is_string, values));
local named(template, names, values) =
  if is_object(values) && all_text([values[name] for name in names]) then template % values else mod(template, values);
local listed(template, count, values) =
  if (is_string(values) && count == 1) || (is_array(values) && o.length(values) == count && all_text(values))
  then template % values
  else mod(template, values);

local add_numbers(a, b) =
  if is_number(a) && is_number(b) then a + b else reference('a sum of other values than numbers');

local member(arr, x) =
  if is_string(arr) then
    if !is_string(x) then reference('member') else x == '' || o.member(arr, x)
  else if is_number(x) || is_array(x) || is_object(x) then
    o.any(o.map(function(value) eq(value, x), arr))
  else o.member(arr, x);

local first_of_equals(arr, keyF) =
  local keys = o.map(keyF, arr);
  if !is_array(arr) then reference('uniq')
  else if o.length(arr) < 2 then arr
  else [arr[i] for i in o.range(0, o.length(arr) - 1) if i == 0 || !eq(keys[i], keys[i - 1])];

// The reference evaluates the key of every value; rjsonnet needs none to sort a single value.
local sort(arr, keyF) =
  local sorted = o.sort(arr, keyF);
  if o.length(sorted) == 1 && o.type(keyF(sorted[0])) == '' then null else sorted;

local json_ex(value, indent, newline='\n', key_val_sep=': ') =
  local found = o.manifestJsonEx(value, indent, newline, key_val_sep);
  // Go's JSON encoder escapes these two, rjsonnet's does not.
  if o.member(found, '\u2028') || o.member(found, '\u2029')
  then ask('manifestJsonEx', [value, indent, newline, key_val_sep])
  else found;

local yaml_doc(value, indent_arrays, quote_keys) =
  o.native('manifest_yaml_doc')(json(value), indent_arrays, quote_keys);

local ini_lines(body) = o.flattenArrays([
  local value = body[name];
  [name + ' = ' + text(line) for line in if is_array(value) then value else [value]]
  for name in o.objectFields(body)
]);

// What a comprehension goes through: rjsonnet takes objects, too.
local each(values) = if is_array(values) || is_string(values) then values else reference('a loop over ' + o.type(values));

// rjsonnet has one parameter more in these.
local fields_of = o.objectFields;
local all_fields_of = o.objectFieldsAll;
local values_of = o.objectValues;
local all_values_of = o.objectValuesAll;
local keys_values_of = o.objectKeysValues;
local all_keys_values_of = o.objectKeysValuesAll;

local identity(x) = x;

{
  add: add,
  add3: add3,
  add4: add4,
  add5: add5,
  add6: add6,
  add7: add7,
  add8: add8,
  text: text,
  // What is added to an array or an object.
  other(value): if is_string(value) then reference('text that an array or object is added to') else value,
  mod: mod,
  named: named,
  listed: listed,
  mul(a, b): if is_number(a) && is_number(b) then a * b else reference('a product of other values than numbers'),
  eq: eq,
  // `a+: b`: the value above, if there is one, and ours.
  plus(has_super, super_value, value): if has_super then add(super_value, value) else value,
  // An index: rjsonnet takes a negative one for 0.
  at(index): if is_number(index) && index < 0 then reference('a negative index') else index,
  each: each,
  // Each field as text, so that equal ones are read and written once. The assertions of an object are checked
  // as soon as one of its fields is read, so an object without fields is returned itself.
  by_field(object)::
    local names = o.objectFields(object);
    if o.length(names) == 0 then object else { [name]: json(object[name]) for name in names },

  std: o {
    // Spelled as text.
    toString(a):: text(a),
    format(str, vals):: format(str, vals),
    mod(a, b):: mod(a, b),
    escapeStringJson(str_):: native_quote(text(str_)),
    escapeStringPython(str):: native_quote(text(str)),
    escapeStringBash(str_):: "'" + o.strReplace(text(str_), "'", "'\"'\"'") + "'",
    escapeStringDollars(str_):: o.strReplace(text(str_), '$', '$$'),
    escapeStringXML(str_):: o.escapeStringXML(text(str_)),

    // Compared.
    equals(a, b):: eq(a, b),
    primitiveEquals(x, y)::
      if o.type(x) != o.type(y) then false
      else if is_array(x) || is_object(x) then reference('primitiveEquals')
      else eq(x, y),
    assertEqual(a, b):: eq(a, b) || reference('assertEqual'),
    member(arr, x):: member(arr, x),
    contains(arr, elem):: o.any([eq(value, elem) for value in each(arr)]),
    count(arr, x):: o.length(o.filter(function(value) eq(value, x), arr)),
    find(value, arr)::
      if !is_array(arr) then reference('find')
      else o.filter(function(i) eq(arr[i], value), o.range(0, o.length(arr) - 1)),
    remove(arr, elem)::
      local found = o.filter(function(i) eq(arr[i], elem), o.range(0, o.length(arr) - 1));
      if !is_array(arr) then reference('remove')
      else if o.length(found) == 0 then arr else o.removeAt(arr, found[0]),
    removeAt(arr, at)::
      if is_whole(at) && at >= 0 && at < o.length(arr) then o.removeAt(arr, at) else reference('removeAt'),
    uniq(arr, keyF=identity):: first_of_equals(arr, keyF),
    sort(arr, keyF=identity):: sort(arr, keyF),
    set(arr, keyF=identity):: first_of_equals(sort(arr, keyF), keyF),
    setMember(x, arr, keyF=identity):: o.length(o.setInter([x], arr, keyF)) > 0,
    startsWith(a, b):: if is_string(a) && is_string(b) then o.startsWith(a, b) else reference('startsWith'),
    endsWith(a, b):: if is_string(a) && is_string(b) then o.endsWith(a, b) else reference('endsWith'),
    equalsIgnoreCase(str1, str2):: ask('equalsIgnoreCase', [str1, str2]),
    isNull(v):: v == null,

    // Numbers.
    abs(n):: if !is_number(n) then reference('abs') else if n > 0 then n else -n,
    sum(arr):: o.foldl(add_numbers, arr, 0),
    avg(arr):: if o.length(arr) == 0 then reference('avg') else o.foldl(add_numbers, arr, 0) / o.length(arr),
    max(a, b):: if is_number(a) && is_number(b) then (if a > b then a else b) else reference('max'),
    min(a, b):: if is_number(a) && is_number(b) then (if a < b then a else b) else reference('min'),
    sign(n):: if !is_number(n) then reference('sign') else if n > 0 then 1 else if n < 0 then -1 else 0,
    modulo(x, y):: if is_string(x) then reference('modulo') else mod(x, y),
    sqrt(x):: if is_number(x) && x >= 0 then o.sqrt(x) else reference('sqrt'),
    // In another order of operations, or in the last bit, these differ.
    pow(x, n):: ask('pow', [x, n]),
    exp(x):: ask('exp', [x]),
    log(x):: ask('log', [x]),
    log2(x):: ask('log2', [x]),
    log10(x):: ask('log10', [x]),
    sin(x):: ask('sin', [x]),
    cos(x):: ask('cos', [x]),
    tan(x):: ask('tan', [x]),
    asin(x):: ask('asin', [x]),
    acos(x):: ask('acos', [x]),
    atan(x):: ask('atan', [x]),
    atan2(y, x):: ask('atan2', [y, x]),
    hypot(a, b):: ask('hypot', [a, b]),
    deg2rad(x):: ask('deg2rad', [x]),
    rad2deg(x):: ask('rad2deg', [x]),
    exponent(x):: ask('exponent', [x]),
    mantissa(x):: ask('mantissa', [x]),
    isEven(x):: ask('isEven', [x]),
    isOdd(x):: ask('isOdd', [x]),
    isInteger(x):: ask('isInteger', [x]),
    isDecimal(x):: ask('isDecimal', [x]),
    pi:: 3.14159265358979311600,

    // Texts.
    trim(str):: ask('trim', [str]),
    split(str, c):: if c == '' then reference('split') else o.splitLimit(str, c, -1),
    splitLimit(str, c, maxsplits)::
      if c == '' || maxsplits > most then reference('splitLimit') else o.splitLimit(str, c, maxsplits),
    splitLimitR(str, c, maxsplits)::
      if c == '' || maxsplits > most then reference('splitLimitR') else o.splitLimitR(str, c, maxsplits),
    substr(str, from, len):: if from > most || len > most then reference('substr') else o.substr(str, from, len),
    strReplace(str, from, to):: if from == '' then reference('strReplace') else o.strReplace(str, from, to),
    // Up to these lengths every digit fits into a float.
    parseInt(str):: if o.length(str) <= 15 then o.parseInt(str) else ask('parseInt', [str]),
    parseOctal(str):: ask('parseOctal', [str]),
    parseHex(str):: ask('parseHex', [str]),
    base64(input)::
      if is_string(input) && !o.native('is_latin')(input) then reference('base64') else o.base64(input),

    // Arrays and objects.
    objectFields(o):: fields_of(o),
    objectFieldsAll(o):: all_fields_of(o),
    objectFieldsEx(obj, hidden):: o.objectFieldsEx(obj, hidden),
    objectValues(o):: values_of(o),
    objectValuesAll(o):: all_values_of(o),
    objectKeysValues(o):: keys_values_of(o),
    objectKeysValuesAll(o):: all_keys_values_of(o),
    foldl(func, arr, init):: o.foldl(func, if is_string(arr) then o.stringChars(arr) else arr, init),
    foldr(func, arr, init):: o.foldr(func, if is_string(arr) then o.stringChars(arr) else arr, init),
    flatMap(func, arr)::
      local wanted = o.type(arr);
      if !o.isFunction(func) then reference('flatMap') else o.flatMap(function(value)
        local found = func(value);
        if o.type(found) == wanted then found else reference('flatMap'), arr),
    flattenDeepArray(value)::
      if is_array(value) then o.flattenArrays([self.flattenDeepArray(inner) for inner in value]) else [value],
    makeArray(sz, func)::
      if !o.isFunction(func) || o.length(func) == 0 then reference('makeArray') else o.makeArray(sz, func),
    rstripChars(str, chars):: if is_string(str) then o.rstripChars(str, chars) else reference('rstripChars'),
    lstripChars(str, chars):: if is_string(str) then o.lstripChars(str, chars) else reference('lstripChars'),
    stripChars(str, chars):: if is_string(str) then o.stripChars(str, chars) else reference('stripChars'),
    slice(indexable, index, end, step):: o.slice(indexable, index, end, step),
    // What other fields refer to is gone in the reference.
    objectRemoveKey(obj, key)::
      if !is_string(key) || o.objectHasAll(obj, key) then reference('objectRemoveKey')
      else { [name]: obj[name] for name in o.objectFields(obj) },

    // Read and written.
    parseJson(str):: o.native('parse_json')(str),
    parseYaml(str):: o.native('parse_yaml')(str),
    manifestJsonEx(value, indent, newline='\n', key_val_sep=': '):: json_ex(value, indent, newline, key_val_sep),
    manifestJson(value):: json_ex(value, '    '),
    manifestJsonMinified(value):: json_ex(value, '', '', ':'),
    manifestIni(ini)::
      local main = if o.objectHas(ini, 'main') then ini_lines(ini.main) else [];
      local sections = [['[' + name + ']'] + ini_lines(ini.sections[name]) for name in o.objectFields(ini.sections)];
      o.lines(main + o.flattenArrays(sections)),
    manifestPython(v):: ask('manifestPython', [v]),
    manifestPythonVars(conf):: ask('manifestPythonVars', [conf]),
    manifestToml(value):: ask('manifestToml', [value]),
    manifestTomlEx(value, indent):: ask('manifestTomlEx', [value, indent]),
    manifestXmlJsonml(value):: ask('manifestXmlJsonml', [value]),
    manifestYamlDoc(value, indent_array_in_object=false, quote_keys=true)::
      yaml_doc(value, indent_array_in_object, quote_keys),
    manifestYamlStream(value, indent_array_in_object=false, c_document_end=true, quote_keys=true)::
      if !is_array(value) then reference('manifestYamlStream') else
        '---\n' + o.join('\n---\n', [yaml_doc(document, indent_array_in_object, quote_keys) for document in value])
        + (if c_document_end then '\n...\n' else '\n'),

    // The rest.
    trace(str, rest):: if is_string(str) then o.trace(str, rest) else reference('trace'),
    native(name):: if is_string(name) then null else reference('native'),
    thisFile:: reference('thisFile'),
  },
}
