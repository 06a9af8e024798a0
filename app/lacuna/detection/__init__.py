"""What pictures hold that a person might want to be found."""
