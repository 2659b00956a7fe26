-- Tables, closures and strings: lua.lua SCALE
local scale = tonumber(arg[1])

local function tree(depth)
  if depth == 0 then return {} end
  return { left = tree(depth - 1), right = tree(depth - 1) }
end

local function size(node)
  if not node.left then return 1 end
  return 1 + size(node.left) + size(node.right)
end

local nodes = 0
for _ = 1, 1 + 24 * scale // 1 do
  nodes = nodes + size(tree(13))
end

local words, parts = {}, {}
for i = 1, 300000 * scale // 1 do
  local word = "word" .. i * 7919 % 10007
  words[word] = (words[word] or 0) + 1
  if i % 5 == 0 then parts[#parts + 1] = word:upper() .. i end
end
local text = table.concat(parts, " ")
local found = 0
for _ in text:gmatch("WORD%d+5 ") do
  found = found + 1
end
print(nodes, found, #text)
