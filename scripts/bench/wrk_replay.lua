-- Sends the signed webhooks of one file per thread, each once, then begins again (duplicates are dropped by id).
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  lines = {}
  for line in io.lines(args[1] .. "." .. number) do
    local signature, body = line:match("^(%S+) (.*)$")
    lines[#lines + 1] = wrk.format("POST", "/callback",
      { ["Content-Type"] = "application/json", ["X-Line-Signature"] = signature }, body)
  end
  position = 0
end

function request()
  position = position % #lines + 1
  return lines[position]
end
