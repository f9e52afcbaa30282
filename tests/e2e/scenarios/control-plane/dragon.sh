# The dragon scenario: one problem keeps one id from the editor to the live object and back.
# limit: 240
exec "$E2E_ROOT/tests/dragon/run"
