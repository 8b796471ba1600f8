//! Calls of the interfaces of `gatehouse:automation`.

functions!(pub triggers of automation, "gatehouse:automation/triggers" {
    "trigger-workflow" => trigger_workflow(record);
});
functions!(pub workflows of automation, "gatehouse:automation/workflows" {
    "list-workflows" => list_workflows(record);
    "get-workflow-run" => get_workflow_run(record);
});
functions!(pub operations of automation, "gatehouse:automation/operations" {
    "list-operations" => list_operations();
    "read-operation" => read_operation(record);
    "call-operation" => call_operation(record);
});
