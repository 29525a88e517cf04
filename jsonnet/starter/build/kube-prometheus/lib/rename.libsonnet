// Puts a prefix before the name of every field: a component's objects become its files.
function(prefix, objects) { [prefix + name]: objects[name] for name in std.objectFields(objects) }
