-- What a user does in Neovim, with its own client of the language server: run headless by lsp-editor.test.ts, which gives the
-- command of the server and the folder of the project in the environment and reads the report that is written at the end.
local folder = vim.env.IGOS_TEST_FOLDER
local report = {}

local function note(name, value)
  report[name] = value
end

local function finish()
  local file = assert(io.open(vim.env.IGOS_TEST_REPORT, 'w'))
  file:write(vim.json.encode(report))
  file:close()
  vim.cmd('qall!')
end

local function wait(what, condition)
  if not vim.wait(60000, condition, 20) then
    error('nothing came of: ' .. what)
  end
end

local function messages()
  return vim.tbl_map(function(each)
    return { line = each.lnum, from = each.col, code = each.code, message = each.message }
  end, vim.diagnostic.get(0))
end

local function cursor(line, column)
  vim.api.nvim_win_set_cursor(0, { line, column })
end

local function ask(method, params)
  local answers = vim.lsp.buf_request_sync(0, method, params or vim.lsp.util.make_position_params(0, 'utf-16'), 60000)
  for _, answer in pairs(assert(answers, method .. ' was not answered')) do
    assert(not answer.err, vim.inspect(answer.err))
    return answer.result
  end
end

local function run()
  vim.cmd('edit ' .. folder .. '/app.igos')
  vim.bo.filetype = 'igos'
  local id = vim.lsp.start_client({ name = 'igos', cmd = { vim.env.IGOS_TEST_PROGRAM, 'lsp' }, root_dir = folder })
  vim.lsp.buf_attach_client(0, id)
  wait('initialize', function()
    local client = vim.lsp.get_client_by_id(id)
    return client and client.initialized
  end)

  wait('the first diagnostics', function()
    return #vim.diagnostic.get(0) == 1
  end)
  note('diagnostics', messages())

  -- a user mends the name by typing; the change goes out piece by piece
  cursor(3, 12)
  vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes('ciwzlib<Esc>', true, false, true), 'x', false)
  note('line', vim.api.nvim_get_current_line())
  wait('no diagnostics', function()
    return #vim.diagnostic.get(0) == 0
  end)

  -- behind a character of four bytes: two units for the protocol, two cells for the editor
  cursor(4, vim.fn.getline(4):find('zlib', 1, true) - 1)
  local hover = ask('textDocument/hover')
  note('hover', hover.contents.value)

  cursor(3, 12)
  vim.lsp.buf.definition()
  wait('the jump', function()
    return vim.fn.expand('%:t') == 'zlib.igos'
  end)
  note('definition', { file = vim.fn.expand('%:t'), cursor = vim.api.nvim_win_get_cursor(0) })
  vim.cmd('buffer app.igos')

  cursor(3, 12)
  note('references', #ask('textDocument/references', vim.tbl_extend('force', vim.lsp.util.make_position_params(0, 'utf-16'), { context = { includeDeclaration = true } })))

  -- completion as an omnifunc would ask for it
  vim.fn.append(4, '  li')
  cursor(5, 4)
  local found = ask('textDocument/completion')
  note('completion', vim.tbl_map(function(item) return item.label end, found.items))
  vim.cmd('undo')

  if vim.lsp.buf.format then
    vim.lsp.buf.format({ async = false, timeout_ms = 10000 })
  else
    vim.lsp.buf.formatting_sync(nil, 10000)
  end
  note('formatted', vim.api.nvim_buf_get_lines(0, 0, -1, false))

  cursor(2, 2)
  vim.lsp.buf.rename('renamed')
  wait('the new name', function()
    return vim.fn.getline(2):find('renamed', 1, true) ~= nil
  end)
  note('renamed', vim.api.nvim_buf_get_lines(0, 0, -1, false))

  vim.lsp.stop_client(id)
  wait('the end of the server', function()
    return vim.lsp.get_client_by_id(id) == nil
  end)
end

local ok, err = pcall(run)
if not ok then
  note('error', tostring(err))
end
finish()
